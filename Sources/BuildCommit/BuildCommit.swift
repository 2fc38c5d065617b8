// What this module holds is written before each build by scripts/write-commit.
