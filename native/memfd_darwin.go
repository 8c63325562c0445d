package native

const rtldNoLoad = 0x10

func newAnonymousFile(data []byte) (*anonymousFile, error) { return temporaryFile(data) }
