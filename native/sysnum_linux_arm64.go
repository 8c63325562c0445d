package native

const (
	sysMembarrier  = 283
	sysMemfdCreate = 279
)
