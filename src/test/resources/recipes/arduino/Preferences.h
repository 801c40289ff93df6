#pragma once

#include <Arduino.h>

class Preferences {
  public:
    bool begin(const char *name, bool readOnly = false);
    bool isKey(const char *key);
    bool remove(const char *key);
    String getString(const char *key, String otherwise = String());
    size_t putString(const char *key, String value);
    size_t putString(const char *key, const char *value);
};
