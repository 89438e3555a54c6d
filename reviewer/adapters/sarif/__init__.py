"""Other analysers' results, handed in as SARIF files."""
