"""The bundled demonstration clip: a street drawn by this program, filmed, and damaged."""
