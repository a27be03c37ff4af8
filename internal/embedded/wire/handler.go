package wire

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"dynamostreamer/internal/embedded/attr"
	"dynamostreamer/internal/embedded/engine"
)

// maxBody is the maximum size of a request. The service refuses a larger one with 413.
const maxBody = 16 << 20

// These prefixes of X-Amz-Target precede the operation's name.
const (
	tableTarget  = "DynamoDB_20120810."
	streamTarget = "DynamoDBStreams_20120810."
)

// A Handler answers the requests of both DynamoDB clients: for tables and for streams.
type Handler struct {
	engine *engine.Engine
	faults faults // see Inject
}

// NewHandler makes a Handler on an engine.
func NewHandler(e *engine.Engine) *Handler {
	return &Handler{engine: e, faults: newFaults()}
}

// ServeHTTP answers one request. The answer's Date is the time of the engine's clock:
// readers of streams rely on the service's. ServeHTTP panics with http.ErrAbortHandler
// if an injected fault loses the answer.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", h.engine.Now().UTC().Format(http.TimeFormat))
	if r.Method == http.MethodGet && r.URL.Path == "/" {
		fmt.Fprintf(w, "healthy: %s ", r.Host)
		return
	}
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	body, err := readBody(r)
	switch {
	case errors.Is(err, errTooLarge):
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	case err != nil && !errors.Is(err, errEncoding):
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	status, answer := http.StatusOK, []byte(nil)
	if err == nil {
		answer, err = h.answer(r, body)
	}
	switch {
	case err == errLost:
		panic(http.ErrAbortHandler)
	case err != nil:
		answer, status = refused(err)
	}
	header := w.Header()
	header.Set("Content-Type", contentType(r))
	header.Set("Content-Length", strconv.Itoa(len(answer)))
	header.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(answer)), 10))
	header.Set("X-Amzn-Requestid", requestID())
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// contentType returns the type of the answer: application/json to a request of that type,
// as in the service, else the protocol's own.
func contentType(r *http.Request) string {
	const protocol, plain = "application/x-amz-json-1.0", "application/json"
	if asked, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && asked == plain {
		return plain
	}
	return protocol
}

var (
	errTooLarge = errors.New("the request is larger than 16 MB")
	errEncoding = errors.New("the body can't be decoded") // an InternalServerError, as of the service
)

// readBody reads a request's body. If its length is known, as from the SDK, it uses no
// more memory than that. A body may be compressed by gzip; the limit counts it before
// and after, while the service counts it before.
func readBody(r *http.Request) (string, error) {
	body, err := read(r.Body, int(r.ContentLength))
	if err != nil {
		return "", err
	}
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "amz-1.0": // the second is an old name for AWS's JSON
		return body, nil
	case "gzip":
	default:
		return "", fmt.Errorf("%w: Content-Encoding is %q: only gzip is known", errEncoding, encoding)
	}
	compressed, err := gzip.NewReader(strings.NewReader(body))
	if err == nil {
		body, err = read(compressed, len(body))
	}
	if err != nil && err != errTooLarge {
		err = fmt.Errorf("%w: gzip: %w", errEncoding, err)
	}
	return body, err
}

// read reads all that there is, which is size bytes if it is known.
func read(from io.Reader, size int) (string, error) {
	var b bytes.Buffer
	b.Grow(min(max(size, 0), maxBody) + bytes.MinRead)
	_, err := b.ReadFrom(io.LimitReader(from, maxBody+1))
	if b.Len() > maxBody {
		return "", errTooLarge
	}
	return b.String(), err
}

// answer runs one operation.
func (h *Handler) answer(r *http.Request, body string) ([]byte, error) {
	name, op := find(r.Header.Get("X-Amz-Target"))
	switch {
	case op == nil:
		return nil, unknown(name)
	case r.Header.Get("Authorization") == "":
		return nil, errUnsigned
	}
	fault := h.faults.take(r.Context(), name, accessKey(r.Header.Get("Authorization")))
	if err := fault.refusal(); err != nil {
		return nil, err
	}
	answer, err := op(r.Context(), h.engine, &decoder{Scanner: attr.NewScanner(body), fault: fault, host: r.Host})
	if fault == LostAnswer {
		return nil, errLost
	}
	return answer, err
}

// requestID returns 52 random letters and digits, as many as the service's ids have.
func requestID() string {
	return rand.Text() + rand.Text()
}
