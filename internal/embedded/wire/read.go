package wire

import (
	"fmt"
	"reflect"
	"strings"

	"dynamostreamer/internal/embedded/attr"
)

// A decoder reads a request. Its errors are SerializationErrors with the service's
// messages. A null is as good as nothing.
type decoder struct {
	*attr.Scanner
	unsupported error    // the first parameter that the engine does not have
	seen        []string // expressions, and parameters of before them
	fault       Fault    // that the request has to meet while it runs
	host        string   // that the request was sent to
}

const (
	apiPackage = "com.amazonaws.dynamodb.v20120810."
	javaString = "java.lang.String"
)

// request reads the request itself.
func (d *decoder) request(s *shape, v reflect.Value) error {
	if d.Kind() != '{' {
		return &attr.SerializationError{}
	}
	var refused error
	return d.fields(s, v, &refused)
}

// read reads the next value into its place. misplaced is the message for a scalar
// where a structure is due; refused takes the error of attribute values.
func (d *decoder) read(s *shape, v reflect.Value, refused *error, misplaced string) error {
	if d.Null() {
		return nil
	}
	switch s.kind {
	case scalar:
		return d.scalar(v.Addr().Interface())
	case attributes:
		return d.attributes(v.Addr().Interface().(*attr.Item), refused)
	case structure:
		if err := d.Want("{", "class "+apiPackage+s.class, misplaced); err != nil {
			return err
		}
		if v.Kind() == reflect.Pointer {
			v.Set(reflect.New(v.Type().Elem()))
			v = v.Elem()
		}
		return d.fields(s, v, refused)
	case list:
		if err := d.Want("[", "", attr.UnexpectedField); err != nil {
			return err
		}
		v.Set(reflect.MakeSlice(v.Type(), 0, 0)) // an empty one is not absent
		return d.Array(func(int) error { return d.read(s.elem, grown(v), refused, attr.UnexpectedMember) })
	}
	if err := d.Want("{", "java.util.Map<"+javaString+", "+s.elem.javaClass()+">", attr.UnexpectedField); err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	return d.Object(func(name string) error {
		pair := grown(v)
		pair.Field(0).SetString(name)
		return d.read(s.elem, pair.Field(1), refused, attr.UnexpectedMember)
	})
}

// grown makes a slice longer by one and is its last element.
func grown(v reflect.Value) reflect.Value {
	n := v.Len()
	v.Grow(1)
	v.SetLen(n + 1)
	return v.Index(n)
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

func (d *decoder) fields(s *shape, v reflect.Value, refused *error) error {
	if s.usersAt != nil {
		v.FieldByIndex(s.usersAt).SetString(s.users)
	}
	return d.Object(func(name string) error {
		f := s.named[name]
		if f == nil {
			return d.other(name)
		}
		if strings.HasSuffix(name, "Expression") {
			d.see(name)
		}
		if f.refuse != nil {
			refused = v.FieldByIndex(f.refuse).Addr().Interface().(*error)
		}
		return d.read(f.shape, v.FieldByIndex(f.index), refused, attr.UnexpectedField)
	})
}

// attributes reads attribute values. One that DynamoDB refuses is noted, for the
// engine to report in its turn.
func (d *decoder) attributes(to *attr.Item, refused *error) error {
	it, err := d.Item()
	if value, ok := err.(*attr.ValidationError); ok {
		if *refused == nil {
			*refused = value
		}
		err = nil
	}
	*to = it
	return err
}

func (d *decoder) scalar(place any) error {
	switch to := place.(type) {
	case **string:
		return optional(to, d.String)
	case *string:
		return required(to, d.String)
	case **int64:
		return optional(to, func() (int64, error) { return d.Int("Integer") })
	case *int64:
		return required(to, func() (int64, error) { return d.Int("Long") })
	case **float64:
		return optional(to, d.Float)
	case **bool:
		return optional(to, d.Bool)
	case *bool:
		return required(to, d.Bool)
	}
	panic(fmt.Sprintf("wire: no way to read a %T", place))
}

func required[T any](to *T, read func() (T, error)) (err error) {
	*to, err = read()
	return err
}

func optional[T any](to **T, read func() (T, error)) error {
	v, err := read()
	*to = &v
	return err
}
