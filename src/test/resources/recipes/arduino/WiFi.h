#pragma once

enum wl_status_t { WL_DISCONNECTED, WL_CONNECTED };

class WiFiClass {
  public:
    wl_status_t begin(const char *network, const char *password);
    wl_status_t status();
};
extern WiFiClass WiFi;

class WiFiClient {};
