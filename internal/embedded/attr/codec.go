package attr

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The storage form of an item: its number of attributes, then for each its name
// and its value. Lengths and counts are uvarints, texts have their length before
// them, a value starts with its type; numbers have their sortable binary form.
// The first byte of an item is the form's version.
const itemForm = 1

// AppendItem appends the storage form of it, which ReadItem reads.
func AppendItem(dst []byte, it Item) []byte {
	return appendAttrs(append(dst, itemForm), it)
}

func appendAttrs(dst []byte, it Item) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(it)))
	for i := range it {
		dst = appendText(dst, it[i].Name)
		dst = appendValue(dst, it[i].Value)
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

func appendNumber(dst []byte, text string) []byte {
	d, err := parseDecimal(text)
	if err != nil {
		panic("attr: an N holds no number: " + text)
	}
	at := len(dst)
	dst = d.appendBytes(append(dst, 0)) // at most 22 bytes: the length fits one
	dst[at] = byte(len(dst) - at - 1)
	return dst
}

func appendValue(dst []byte, v Value) []byte {
	dst = append(dst, byte(v.typ))
	switch v.typ {
	case S, B:
		dst = appendText(dst, v.text)
	case N:
		dst = appendNumber(dst, v.text)
	case BOOL:
		if v.flag {
			dst = append(dst, 1)
		} else {
			dst = append(dst, 0)
		}
	case SS, BS, NS:
		dst = binary.AppendUvarint(dst, uint64(len(v.doc.members)))
		for _, m := range v.doc.members {
			if v.typ == NS {
				dst = appendNumber(dst, m)
			} else {
				dst = appendText(dst, m)
			}
		}
	case L:
		dst = binary.AppendUvarint(dst, uint64(len(v.doc.list)))
		for _, e := range v.doc.list {
			dst = appendValue(dst, e)
		}
	case M:
		dst = appendAttrs(dst, v.doc.item)
	}
	return dst
}

// ErrStorage is what ReadItem's errors wrap: bytes that AppendItem did not write.
var ErrStorage = errors.New("not a stored item")

// ReadItem reads the storage form that AppendItem wrote. The item keeps nothing
// of src, which may be reused.
func ReadItem(src []byte) (Item, error) {
	if len(src) == 0 || src[0] != itemForm {
		return nil, fmt.Errorf("%w: another form, or none", ErrStorage)
	}
	r := storageReader{rest: string(src[1:])}
	it := r.attrs()
	if r.failed || r.rest != "" {
		return nil, fmt.Errorf("%w: %d bytes are damaged", ErrStorage, len(src))
	}
	return it, nil
}

// storageReader reads from one string, of which all texts are parts: an item of
// many attributes costs few allocations.
type storageReader struct {
	rest   string
	failed bool
	depth  int
}

// count reads a length or a count. Nothing is shorter than a byte, so none is
// larger than what is left.
func (r *storageReader) count() int {
	var n uint64
	for i := 0; i < len(r.rest) && i < 5; i++ {
		b := r.rest[i]
		n |= uint64(b&0x7F) << (7 * i)
		if b < 0x80 {
			r.rest = r.rest[i+1:]
			if n > uint64(len(r.rest)) {
				break
			}
			return int(n)
		}
	}
	r.failed, r.rest = true, ""
	return 0
}

func (r *storageReader) text() string {
	n := r.count()
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

func (r *storageReader) byte() byte {
	if r.rest == "" {
		r.failed = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *storageReader) number() string {
	var buf [32]byte
	src := r.text()
	d, err := decimalOfBytes(append(buf[:0], src...))
	if err != nil {
		r.failed = true
	}
	return d.text()
}

func (r *storageReader) attrs() Item {
	n := r.count()
	if n == 0 {
		return nil
	}
	it := make(Item, 0, n)
	for range n {
		if r.failed {
			break
		}
		it = append(it, Attr{r.text(), r.value()})
	}
	return it
}

func (r *storageReader) value() Value {
	if r.depth++; r.depth > 2*MaxDepth {
		r.failed = true
	}
	defer func() { r.depth-- }()
	if r.failed {
		return Value{}
	}
	t := Type(r.byte())
	switch t {
	case S, B:
		return Value{typ: t, text: r.text()}
	case N:
		return Value{typ: N, text: r.number()}
	case BOOL:
		return Value{typ: BOOL, flag: r.byte() == 1}
	case NULL:
		return Value{typ: NULL}
	case SS, BS, NS:
		members := make([]string, r.count())
		for i := range members {
			if t == NS {
				members[i] = r.number()
			} else {
				members[i] = r.text()
			}
		}
		return Value{typ: t, doc: &document{members: members}}
	case L:
		list := make([]Value, r.count())
		for i := range list {
			list[i] = r.value()
		}
		return Value{typ: L, doc: &document{list: list}}
	case M:
		return Value{typ: M, doc: &document{item: r.attrs()}}
	}
	r.failed = true
	return Value{}
}
