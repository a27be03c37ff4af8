package attr

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// itemForm is the version of the storage form, and the first byte of every item. The
// number of attributes follows, then each attribute's name and value. Lengths and counts
// are uvarints. A text follows its length. A value begins with its type. A number is in
// its sortable form.
const itemForm = 1

// AppendItem appends the storage form of an item.
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

// ErrStorage means that AppendItem did not write these bytes. All errors of ReadItem wrap
// it.
var ErrStorage = errors.New("not a stored item")

// ReadItem reads the storage form that AppendItem wrote. The item does not refer to src,
// which may be reused.
func ReadItem(src []byte) (Item, error) {
	if len(src) == 0 || src[0] != itemForm {
		return nil, fmt.Errorf("%w: it does not begin with version %d", ErrStorage, itemForm)
	}
	r := storageReader{rest: string(src[1:])}
	it := r.attrs()
	if r.failed || r.rest != "" {
		return nil, fmt.Errorf("%w: its %d bytes are damaged", ErrStorage, len(src))
	}
	return it, nil
}

// storageReader reads from one string. All texts are substrings of it, so that an item
// with many attributes takes few allocations.
type storageReader struct {
	rest   string
	failed bool
	depth  int
}

// count reads a length or a count. It can't be larger than the rest of the string, since
// everything that is counted takes at least a byte.
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
	head := r.rest[:n]
	r.rest = r.rest[n:]
	return head
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
