//go:build !(linux || freebsd || darwin || windows)

package native

// Nothing is known of this platform's loader, and nothing is found.

func fileNames(name string) []string { return []string{name} }

func isLibrary(string) bool { return false }

func searchPlaces() []searchPlace { return nil }
