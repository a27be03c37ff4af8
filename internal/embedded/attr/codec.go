package attr

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The storage form of an item: its number of attributes, then for each its name
// and its value. Lengths and counts are uvarints, texts have their length before
// them, a value starts with its type; numbers have their sortable form. The first
// byte of an item is the form's version.
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

func appendValue(dst []byte, v Value) []byte {
	dst = append(dst, byte(v.typ))
	switch v.typ {
	case S, N, B:
		dst = appendText(dst, v.text)
	case BOOL:
		truth := byte(0)
		if v.flag {
			truth = 1
		}
		dst = append(dst, truth)
	case SS, NS, BS:
		dst = binary.AppendUvarint(dst, uint64(len(v.doc.list)))
		for i := range v.doc.list {
			dst = appendText(dst, v.doc.list[i].text)
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

func (r *storageReader) take(n int) string {
	if n > len(r.rest) {
		r.failed = true
		return "\x00"
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *storageReader) text() string { return r.take(r.count()) }

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
	if r.depth++; r.depth > 2*maxDepth {
		r.failed = true
	}
	defer func() { r.depth-- }()
	if r.failed {
		return Value{}
	}
	v := Value{typ: Type(r.take(1)[0])}
	switch v.typ {
	case S, N, B:
		v.text = r.text()
	case BOOL:
		v.flag = r.take(1)[0] == 1
	case NULL:
	case SS, NS, BS:
		v.doc = &document{list: make([]Value, r.count())}
		for i := range v.doc.list {
			v.doc.list[i] = Value{typ: v.typ.Member(), text: r.text()}
		}
	case L:
		v.doc = &document{list: make([]Value, r.count())}
		for i := range v.doc.list {
			v.doc.list[i] = r.value()
		}
	case M:
		v.doc = &document{item: r.attrs()}
	default:
		r.failed = true
	}
	return v
}
