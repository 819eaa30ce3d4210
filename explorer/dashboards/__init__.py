"""Dashboards, each a page of declarations on the frame of `explorer.kit`."""
