package endpoint

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/smithy-go"

	"dynamostreamer/internal/embedded"
)

// checkEvery is how often calls look whether the embedded engine's file is
// still there.
const checkEvery = 500 * time.Millisecond

// deletedCode is the code of the error that every call gets once it is not.
const deletedCode = "EmbeddedFileDeleted"

// inPlace is the HTTP client of an embedded engine. The engine itself notices
// at the next write that its folder was deleted, and works on: for all it
// knows, that passes. Here it does not: a 400, which nobody retries, answers
// every call from then on.
type inPlace struct {
	db     *embedded.DB
	client *http.Client

	mu      sync.Mutex
	checked time.Time
	deleted error
}

func (p *inPlace) Do(r *http.Request) (*http.Response, error) {
	if err := p.check(); err != nil {
		body, _ := json.Marshal(map[string]string{"__type": "dynamostreamer#" + deletedCode, "message": err.Error()})
		return &http.Response{
			StatusCode: http.StatusBadRequest, Request: r,
			Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amzn-Requestid": {"none"}},
			Body:   io.NopCloser(strings.NewReader(string(body))), ContentLength: int64(len(body)),
		}, nil
	}
	return p.client.Do(r)
}

func (p *inPlace) check() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.deleted == nil && time.Since(p.checked) > checkEvery {
		p.checked, p.deleted = time.Now(), p.db.InPlace()
	}
	return p.deleted
}

// Deleted returns the message of a call's error where it says that the
// embedded engine's folder was deleted under the program; ok: it does.
func Deleted(err error) (message string, ok bool) {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == deletedCode {
		return api.ErrorMessage(), true
	}
	return "", false
}
