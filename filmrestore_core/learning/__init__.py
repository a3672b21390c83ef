"""Fits what the package ships fitted; no other room imports this one."""
