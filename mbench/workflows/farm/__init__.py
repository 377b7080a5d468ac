"""The farm: many phones, looked after night by night."""
