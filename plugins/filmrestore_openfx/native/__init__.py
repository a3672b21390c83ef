"""The shim that OpenFX hosts load: C sources, how they are built, and where the results lie."""
