package stream

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	tabletypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// An Image is an item, or its key, as the stream recorded it. Numbers are
// strings of digits in it and lose none.
type Image map[string]types.AttributeValue

// Decode fills the struct or map that out points to, as
// attributevalue.UnmarshalMap does, except that a Number in an any becomes an
// attributevalue.Number: no digit is lost. A nil image doesn't change what out
// points to, which is not an error.
func (i Image) Decode(out any) error {
	item, err := attributevalue.FromDynamoDBStreamsMap(i)
	if err != nil {
		return fmt.Errorf("decoding an image: %w", err)
	}
	if err := exact.Decode(&tabletypes.AttributeValueMemberM{Value: item}, out); err != nil {
		return fmt.Errorf("decoding an image: %w", err)
	}
	return nil
}

var exact = attributevalue.NewDecoder(func(o *attributevalue.DecoderOptions) { o.UseNumber = true })

// MarshalJSON writes the image as an ordinary JSON object, numbers with
// all their digits. A set becomes an array and Binary a base64 string.
func (i Image) MarshalJSON() ([]byte, error) {
	if i == nil {
		return []byte("null"), nil
	}
	object := make(map[string]any, len(i))
	for name, value := range i {
		object[name] = plain(value)
	}
	return json.Marshal(object)
}

func plain(value types.AttributeValue) any {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return json.Number(v.Value)
	case *types.AttributeValueMemberBOOL:
		return v.Value
	case *types.AttributeValueMemberB:
		return v.Value
	case *types.AttributeValueMemberM:
		return Image(v.Value)
	case *types.AttributeValueMemberL:
		list := make([]any, len(v.Value))
		for i, element := range v.Value {
			list[i] = plain(element)
		}
		return list
	case *types.AttributeValueMemberSS:
		return v.Value
	case *types.AttributeValueMemberNS:
		numbers := make([]json.Number, len(v.Value))
		for i, n := range v.Value {
			numbers[i] = json.Number(n)
		}
		return numbers
	case *types.AttributeValueMemberBS:
		return v.Value
	}
	return nil // NULL
}

// A Difference is one attribute that two images don't share. Old or New
// is nil where that image lacks it.
type Difference struct {
	Path     string // such as "activity.page"
	Old, New types.AttributeValue
}

// Differences lists where the event's New differs from its Old, by path. Maps
// are compared attribute by attribute, lists and sets as a whole. It is nil
// where the stream's view type leaves out an image of a Modified item, so that
// nothing can be compared.
func (e Event) Differences() []Difference {
	if e.Kind == Modified && (e.Old == nil || e.New == nil) {
		return nil
	}
	return differences("", e.Old, e.New)
}

func differences(prefix string, before, after Image) []Difference {
	names := slices.Sorted(maps.Keys(before))
	for name := range after {
		if _, ok := before[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var diffs []Difference
	for _, name := range names {
		a, b := before[name], after[name]
		am, aok := a.(*types.AttributeValueMemberM)
		bm, bok := b.(*types.AttributeValueMemberM)
		switch {
		case aok && bok:
			diffs = append(diffs, differences(prefix+name+".", am.Value, bm.Value)...)
		case !reflect.DeepEqual(a, b) && !sameSet(a, b):
			diffs = append(diffs, Difference{prefix + name, a, b})
		}
	}
	return diffs
}

// sameSet reports whether both are sets of the same elements, which come
// in any order.
func sameSet(a, b types.AttributeValue) bool {
	x, xok := elements(a)
	y, yok := elements(b)
	return xok && yok && reflect.TypeOf(a) == reflect.TypeOf(b) && slices.Equal(x, y)
}

// elements are those of a set, sorted.
func elements(v types.AttributeValue) (sorted []string, ok bool) {
	switch v := v.(type) {
	case *types.AttributeValueMemberSS:
		sorted = slices.Clone(v.Value)
	case *types.AttributeValueMemberNS:
		sorted = slices.Clone(v.Value)
	case *types.AttributeValueMemberBS:
		for _, b := range v.Value {
			sorted = append(sorted, string(b))
		}
	default:
		return nil, false
	}
	slices.Sort(sorted)
	return sorted, true
}

// String is the difference on one line: "activity.page: / -> /cart".
func (d Difference) String() string {
	return fmt.Sprintf("%s: %s -> %s", d.Path, text(d.Old), text(d.New))
}

func text(v types.AttributeValue) string {
	switch v := v.(type) {
	case nil:
		return "(none)"
	case *types.AttributeValueMemberS:
		return v.Value
	}
	out, err := json.Marshal(plain(v))
	if err != nil {
		return fmt.Sprintf("(%v)", err) // not a number: the server's fault
	}
	return string(out)
}

// callOptions are what GetRecords is called with. DynamoDB Local 3.1.0, whose
// streams are in the region ddblocal, sends an empty map or list of an image
// as a bare {}, which the SDK takes for the value of the attribute before it.
// There, such a value becomes an empty map before the SDK decodes it.
func callOptions(arn string, log *slog.Logger) []func(*dynamodbstreams.Options) {
	options := []func(*dynamodbstreams.Options){tryOnce}
	if !strings.HasPrefix(arn, "arn:aws:dynamodb:ddblocal:") {
		return options
	}
	warn := sync.OnceFunc(func() {
		log.Warn("DynamoDB Local leaves out the type of empty maps and lists: all of them are read as empty maps", "stream", arn)
	})
	mend := middleware.DeserializeMiddlewareFunc("MendBareValues", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		response, ok := out.RawResponse.(*smithyhttp.Response)
		if err != nil || !ok {
			return out, metadata, err
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if mended := mendBareValues(body); mended != nil {
			warn()
			body = mended
		}
		response.Body = io.NopCloser(bytes.NewReader(body))
		return out, metadata, err
	})
	return append(options, func(o *dynamodbstreams.Options) {
		o.APIOptions = append(slices.Clip(o.APIOptions), func(stack *middleware.Stack) error {
			return stack.Deserialize.Add(mend, middleware.After)
		})
	})
}

// mendBareValues gives each value of an answer's images that is a bare {} the
// type of a map. It returns nil where there is none.
func mendBareValues(body []byte) []byte {
	if !bytes.Contains(body, []byte("{}")) {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var answer map[string]any
	if decoder.Decode(&answer) != nil {
		return nil // the SDK says what is wrong
	}
	mended := false
	records, _ := answer["Records"].([]any)
	for _, record := range records {
		record, _ := record.(map[string]any)
		change, _ := record["dynamodb"].(map[string]any)
		for _, name := range []string{"Keys", "OldImage", "NewImage"} {
			image, _ := change[name].(map[string]any)
			for _, value := range image {
				mended = mendValue(value) || mended
			}
		}
	}
	if !mended {
		return nil
	}
	body, _ = json.Marshal(answer)
	return body
}

// mendValue gives a value, and those within it, a type where it has none.
func mendValue(value any) (mended bool) {
	typed, ok := value.(map[string]any)
	if ok && len(typed) == 0 {
		typed["M"] = map[string]any{}
		return true
	}
	inner, _ := typed["M"].(map[string]any)
	for _, value := range inner {
		mended = mendValue(value) || mended
	}
	list, _ := typed["L"].([]any)
	for _, value := range list {
		mended = mendValue(value) || mended
	}
	return mended
}
