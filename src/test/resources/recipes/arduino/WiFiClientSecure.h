#pragma once

#include <WiFi.h>

class WiFiClientSecure : public WiFiClient {
  public:
    void setCACert(const char *pem);
    void setCertificate(const char *pem);
    void setPrivateKey(const char *pem);
};
