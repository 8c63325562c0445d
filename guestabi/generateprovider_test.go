package guestabi

// GeneratedImports are the values of the globals a generated module imports, and
// a module "env" that provides all it imports: it has the functions of a module
// "host".
func GeneratedImports(m *Module) (globals []GlobalValue, provider []byte) {
	imports, exports, own := []byte(nil), []byte(nil), assembler(nil)
	nf, ng, ne := 0, 0, 0
	rest := []byte(nil)
	for _, im := range m.Imports {
		switch im.Kind {
		case KindFunc:
			imports = appendU32(append(appendString(appendString(imports, "host"), im.Name.Name), byte(KindFunc)), im.Type)
			exports = appendExport(exports, im.Name.Name, KindFunc, uint32(nf))
			nf++
		case KindGlobal:
			v := GlobalValue{Name: im.Name, Type: im.Global.Type, Lo: 0x40f0_0000_4049_0fdb + uint64(ng), Hi: 7}
			if v.Type.IsRef() {
				v.Lo, v.Hi = 0, 0
			}
			globals = append(globals, v)
			own = appendGlobalType(own, im.Global)
			v.init(&own)
			own.op(opEnd)
			exports = appendExport(exports, im.Name.Name, KindGlobal, uint32(ng))
			ng++
		case KindMemory:
			rest = appendSection(rest, SectionMemory, appendLimits([]byte{1}, im.Memory))
			exports = appendExport(exports, im.Name.Name, KindMemory, 0)
		case KindTable:
			rest = appendSection(rest[:0:0], SectionTable, appendTable([]byte{1}, im.Table))
			rest = appendSection(rest, SectionMemory, []byte{1, 1, 1, 4})
			exports = appendExport(exports, im.Name.Name, KindTable, 0)
		}
		ne++
	}
	provider = []byte(header)
	types := appendU32(nil, uint32(len(m.Types)))
	for _, t := range m.Types {
		types = appendFuncType(types, t)
	}
	provider = appendSection(provider, SectionType, types)
	provider = appendSection(provider, SectionImport, append(appendU32(nil, uint32(nf)), imports...))
	provider = append(provider, rest...)
	provider = appendSection(provider, SectionGlobal, append(appendU32(nil, uint32(ng)), own...))
	provider = appendSection(provider, SectionExport, append(appendU32(nil, uint32(ne)), exports...))
	return globals, provider
}
