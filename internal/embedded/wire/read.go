package wire

import (
	"cmp"
	"fmt"
	"reflect"

	"dynamostreamer/internal/embedded/attr"
)

// A decoder reads a request. Its errors are SerializationErrors with the service's
// messages. It treats null as absent.
type decoder struct {
	*attr.Scanner
	unsupported error  // about the first parameter that the engine does not have
	fault       Fault  // the fault that the request meets while it runs
	host        string // the host that the request was sent to
}

const (
	apiPackage = "com.amazonaws.dynamodb.v20120810."
	javaString = "java.lang.String"
)

// request reads the request, which must be the whole text.
func (d *decoder) request(s *shape, v reflect.Value) error {
	if d.Kind() != '{' {
		return &attr.SerializationError{}
	}
	var refused error
	d.fields(s, v, &refused, "")
	return d.End()
}

// read reads the next value into v. misplaced is the message for a scalar in place of a
// structure. refused gets the error of a refused attribute value. The Scanner keeps
// other errors, see End.
func (d *decoder) read(s *shape, v reflect.Value, refused *error, misplaced string) {
	switch {
	case d.Null():
	case s.kind == scalar:
		d.scalar(v.Addr().Interface(), cmp.Or(s.class, "Integer"))
	case s.kind == attributes:
		it, err := d.Item()
		*v.Addr().Interface().(*attr.Item) = it
		refuse(refused, err)
	case s.kind == attribute:
		value, err := d.Value(misplaced)
		*v.Addr().Interface().(*attr.Value) = value
		refuse(refused, err)
	case s.kind == structure:
		if v.Kind() == reflect.Pointer {
			v.Set(reflect.New(v.Type().Elem()))
			v = v.Elem()
		}
		d.fields(s, v, refused, misplaced)
	case s.kind == list:
		v.SetZero()
		d.Array(func() { d.read(s.elem, grown(v), refused, attr.UnexpectedMember) })
		present(v)
	default:
		v.SetZero()
		d.Object("java.util.Map<"+javaString+", "+s.elem.javaClass()+">", attr.UnexpectedField, func(name string) {
			pair := grown(v)
			pair.Field(0).SetString(name)
			d.read(s.elem, pair.Field(1), refused, attr.UnexpectedMember)
		})
		present(v)
	}
}

// grown makes a slice longer by one element, and returns that element.
func grown(v reflect.Value) reflect.Value {
	n := v.Len()
	if n == v.Cap() {
		v.Grow(max(2, n))
	}
	v.SetLen(n + 1)
	return v.Index(n)
}

// present makes a nil slice an empty one, since nil means absent.
func present(v reflect.Value) {
	if v.IsNil() {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
}

func (s *shape) javaClass() string {
	switch s.kind {
	case scalar:
		return javaString
	case list:
		return "java.util.List<" + s.elem.javaClass() + ">"
	}
	return apiPackage + s.class
}

func (d *decoder) fields(s *shape, v reflect.Value, refused *error, misplaced string) {
	if s.usersAt != nil {
		v.FieldByIndex(s.usersAt).SetString(s.users)
	}
	d.Object("class "+apiPackage+s.class, misplaced, func(name string) {
		f := s.named[name]
		if f == nil {
			d.other(name)
			return
		}
		if f.refuse != nil {
			refused = v.FieldByIndex(f.refuse).Addr().Interface().(*error)
		}
		d.read(f.shape, v.FieldByIndex(f.index), refused, attr.UnexpectedField)
	})
}

// refuse notes the error of a refused attribute value, so that the engine can report it in
// the service's order of checks.
func refuse(refused *error, err error) {
	if value, ok := err.(*attr.ValidationError); ok && *refused == nil {
		*refused = value
	}
}

// scalar reads a text, a boolean or a number. class is the Java class of an integer in
// messages.
func (d *decoder) scalar(place any, class string) {
	switch to := place.(type) {
	case **string:
		*to = new(d.Text())
	case *string:
		*to = d.Text()
	case **int64:
		*to = new(d.Int(class))
	case **float64:
		*to = new(d.Float())
	case **bool:
		*to = new(d.Bool())
	case *bool:
		*to = d.Bool()
	default:
		panic(fmt.Sprintf("wire: can't read a %T", place))
	}
}
