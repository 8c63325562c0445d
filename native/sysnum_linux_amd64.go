package native

const (
	sysMembarrier  = 324
	sysMemfdCreate = 319
)
