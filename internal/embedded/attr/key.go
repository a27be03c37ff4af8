package attr

// AppendKey appends the bytes that stand for a key attribute's value: of two
// values of one type the smaller has the smaller bytes, as bytes.Compare and
// SQLite's BLOBs order them. The type is not part of them, since a key attribute
// has one type; neither is a length, so a key of two attributes is two columns.
// v must be an S, N or B.
func AppendKey(dst []byte, v Value) []byte {
	switch v.typ {
	case S, B:
		return append(dst, v.text...)
	case N:
		d, err := parseDecimal(v.text)
		if err != nil {
			panic("attr: an N holds no number: " + v.text)
		}
		return d.appendBytes(dst)
	}
	panic("attr: no key can be made of a value of type " + v.typ.String())
}
