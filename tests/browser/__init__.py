"""Tests in a real Chromium against real JupyterLab and Voila servers."""
