// There is no program in assembly for this target.
