package wire

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/engine"
)

// maxBody is how large a request may be; the service refuses more with 413.
const maxBody = 16 << 20

// The names before the operation in X-Amz-Target.
const (
	tableTarget  = "DynamoDB_20120810."
	streamTarget = "DynamoDBStreams_20120810."
)

const contentType = "application/x-amz-json-1.0"

// A Handler answers the requests of both of DynamoDB's clients, that of the
// tables and that of the streams.
type Handler struct {
	engine *engine.Engine
	faults faults
}

// NewHandler makes a Handler on an engine.
func NewHandler(e *engine.Engine) *Handler { return &Handler{engine: e} }

// Inject makes the next count requests of an operation, such as "PutItem", fail
// with the fault. It replaces a fault that was set for the operation before; a
// count of 0 takes it away.
func (h *Handler) Inject(operation string, count int, fault Fault) {
	h.faults.set(operation, count, fault)
}

// ServeHTTP answers one request. It panics with http.ErrAbortHandler where an
// injected fault loses the answer.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && r.URL.Path == "/" {
		fmt.Fprintf(w, "healthy: %s ", r.Host)
		return
	}
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	target := r.Header.Get("X-Amz-Target")
	body, err := readBody(r)
	if err != nil {
		refuseBody(w, err)
		return
	}
	answer, status, lost := h.answer(r, target, body)
	if lost {
		panic(http.ErrAbortHandler)
	}
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(answer)))
	header.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(answer)), 10))
	header.Set("X-Amzn-Requestid", requestID())
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

var errTooLarge = errors.New("the request is larger than 16 MB")

// readBody reads a request's body. Where its length is known, as from the SDK, it
// takes no more memory than that.
func readBody(r *http.Request) (string, error) {
	var b bytes.Buffer
	b.Grow(int(min(max(r.ContentLength, 0), maxBody)) + bytes.MinRead)
	_, err := b.ReadFrom(io.LimitReader(r.Body, maxBody+1))
	if b.Len() > maxBody {
		return "", errTooLarge
	}
	return b.String(), err
}

func refuseBody(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	if errors.Is(err, errTooLarge) {
		status = http.StatusRequestEntityTooLarge
	}
	http.Error(w, err.Error(), status)
}

// answer runs one operation. lost says that the client must not get the answer.
func (h *Handler) answer(r *http.Request, target, body string) (answer []byte, status int, lost bool) {
	name, op := find(target)
	switch {
	case op == nil:
		return appendError(nil, unknown(name)), http.StatusBadRequest, false
	case r.Header.Get("Authorization") == "":
		return appendError(nil, errUnsigned), http.StatusBadRequest, false
	}
	fault := h.faults.take(name)
	if err := fault.refusal(); err != nil {
		return appendError(nil, err), statusOf(err), false
	}
	d := &decoder{Scanner: attr.NewScanner(body), fault: fault, host: r.Host}
	answer, err := op(r.Context(), h.engine, d)
	if fault == LostAnswer {
		return nil, 0, true
	}
	if err != nil {
		return appendError(nil, err), statusOf(err), false
	}
	return answer, http.StatusOK, false
}

// requestID is like the service's: 52 letters and digits.
func requestID() string {
	return rand.Text() + rand.Text()
}

// An operation reads its request from the decoder, runs it and writes the answer.
type operation func(context.Context, *engine.Engine, *decoder) ([]byte, error)

// operationOf puts an operation together from how its request is read, what it
// does and how it is answered.
func operationOf[In, Out any](
	read func(*decoder, *In) error,
	run func(*engine.Engine, context.Context, *In) (Out, error),
	write func([]byte, Out) []byte,
) operation {
	return func(ctx context.Context, e *engine.Engine, d *decoder) ([]byte, error) {
		var in In
		if err := read(d, &in); err != nil {
			return nil, err
		}
		if err := d.End(); err != nil {
			return nil, err
		}
		if d.unsupported != nil {
			return nil, cmp.Or(d.mixed(), d.unsupported)
		}
		out, err := run(e, ctx, &in)
		if err != nil {
			return nil, err
		}
		d.fault.spoil(&in, out)
		return write(make([]byte, 0, 512), out), nil
	}
}

func find(target string) (name string, op operation) {
	if name, ok := strings.CutPrefix(target, tableTarget); ok {
		return name, tableOperations[name]
	}
	if name, ok := strings.CutPrefix(target, streamTarget); ok {
		return name, streamOperations[name]
	}
	return target, nil
}

var tableOperations = map[string]operation{
	"CreateTable":        operationOf(readCreateTable, (*engine.Engine).CreateTable, appendNamed[*engine.TableDescription]("TableDescription")),
	"UpdateTable":        operationOf(readUpdateTable, (*engine.Engine).UpdateTable, appendNamed[*engine.TableDescription]("TableDescription")),
	"DeleteTable":        operationOf(readTable, (*engine.Engine).DeleteTable, appendNamed[*engine.TableDescription]("TableDescription")),
	"DescribeTable":      operationOf(readTable, (*engine.Engine).DescribeTable, appendNamed[*engine.TableDescription]("Table")),
	"ListTables":         operationOf(readListTables, (*engine.Engine).ListTables, appendJSON[*engine.ListTablesOutput]),
	"TagResource":        operationOf(readTagResource, (*engine.Engine).TagResource, appendJSON[struct{}]),
	"UntagResource":      operationOf(readTagResource, (*engine.Engine).UntagResource, appendJSON[struct{}]),
	"ListTagsOfResource": operationOf(readTagResource, (*engine.Engine).ListTagsOfResource, appendJSON[*engine.ListTagsOfResourceOutput]),
	"DescribeLimits":     operationOf(readNothing, (*engine.Engine).DescribeLimits, appendJSON[engine.LimitsDescription]),
	"DescribeEndpoints":  describeEndpoints,
	"UpdateTimeToLive":   operationOf(readUpdateTimeToLive, (*engine.Engine).UpdateTimeToLive, appendNamed[*engine.TimeToLiveSpecification]("TimeToLiveSpecification")),
	"DescribeTimeToLive": operationOf(readTable, (*engine.Engine).DescribeTimeToLive, appendNamed[*engine.TimeToLiveDescription]("TimeToLiveDescription")),
	"PutItem":            operationOf(readPutItem, (*engine.Engine).PutItem, appendWrite),
	"UpdateItem":         operationOf(readUpdateItem, (*engine.Engine).UpdateItem, appendWrite),
	"DeleteItem":         operationOf(readDeleteItem, (*engine.Engine).DeleteItem, appendWrite),
	"GetItem":            operationOf(readGetItem, (*engine.Engine).GetItem, appendGetItem),
	"Query":              operationOf(readQuery, (*engine.Engine).Query, appendPage),
	"Scan":               operationOf(readScan, (*engine.Engine).Scan, appendPage),
	"BatchWriteItem":     operationOf(readBatchWriteItem, (*engine.Engine).BatchWriteItem, appendBatchWrite),
	"BatchGetItem":       operationOf(readBatchGetItem, (*engine.Engine).BatchGetItem, appendBatchGet),
	"TransactWriteItems": operationOf(readTransactWrite, (*engine.Engine).TransactWriteItems, appendTransactWrite),
	"TransactGetItems":   operationOf(readTransactGet, (*engine.Engine).TransactGetItems, appendTransactGet),
}

var streamOperations = map[string]operation{
	"ListStreams":      operationOf(readListStreams, (*engine.Engine).ListStreams, appendJSON[*engine.ListStreamsOutput]),
	"DescribeStream":   operationOf(readDescribeStream, (*engine.Engine).DescribeStream, appendNamed[*engine.StreamDescription]("StreamDescription")),
	"GetShardIterator": operationOf(readGetShardIterator, (*engine.Engine).GetShardIterator, appendIterator),
	"GetRecords":       operationOf(readGetRecords, (*engine.Engine).GetRecords, appendRecords),
}
