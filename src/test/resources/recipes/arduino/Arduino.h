// What the sketch uses of Arduino's core, declared and not defined: enough to see that it is C++ and that the types fit.
#pragma once

#include <stddef.h>
#include <stdint.h>

class String {
  public:
    String(const char *text = "");
    const char *c_str() const;
    unsigned int length() const;
    bool isEmpty() const;
    bool startsWith(const String &other) const;
    int lastIndexOf(char letter) const;
    String substring(unsigned int begin) const;
    String substring(unsigned int begin, unsigned int end) const;
    void trim();
};
String operator+(const String &one, const String &other);
String operator+(const String &one, const char *other);

class HardwareSerial {
  public:
    void begin(unsigned long speed);
    int available();
    String readStringUntil(char end);
    size_t printf(const char *format, ...) __attribute__((format(printf, 2, 3)));
    size_t print(const char *text);
    size_t println(const char *text);
    size_t println();
};
extern HardwareSerial Serial;

void delay(uint32_t milliseconds);
void configTime(long offset, int daylight, const char *server);
