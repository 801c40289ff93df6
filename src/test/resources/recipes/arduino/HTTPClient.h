#pragma once

#include <Arduino.h>
#include <WiFi.h>

class HTTPClient {
  public:
    bool begin(WiFiClient &client, String url);
    void addHeader(const String &name, const String &value, bool first = false, bool replace = true);
    void setAuthorization(const char *user, const char *password);
    int GET();
    int POST(uint8_t *payload, size_t size);
    String getString();
    void end();
};
