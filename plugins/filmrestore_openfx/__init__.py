"""filmrestore as an OpenFX node: a small native shim in the host, all of its logic in Python."""
