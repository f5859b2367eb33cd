"""The simulator's technologies: detectors on MQTT, the SMS carrier, the phones' pages."""
