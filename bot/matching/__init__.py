"""Match people in pairs and in circles, by one cost. Pure."""
