// The target's first file; see Package.swift for what it stands on.
