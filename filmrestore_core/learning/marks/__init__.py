"""Learning which marks of net and classical detector are damage."""
