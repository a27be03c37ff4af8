package cli

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dynamostreamer/internal/stream"
	"dynamostreamer/internal/table"
)

func TestWhyEnded(t *testing.T) {
	s, _, stderr := newStep()
	code := s.run(t.Context(), []string{"-endpoint", "embedded:" + t.TempDir()}, func(ctx context.Context) error {
		db, _, err := s.Connect(ctx)
		if err != nil {
			return err
		}
		if _, err := table.Create(ctx, db, "tries"); err != nil {
			return err
		}
		before, err := table.Describe(ctx, db, "tries")
		if err != nil {
			return err
		}
		switchStream := func(on bool) error {
			to := &types.StreamSpecification{StreamEnabled: &on}
			if on {
				to.StreamViewType = types.StreamViewTypeKeysOnly
			}
			_, err := db.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: aws.String("tries"), StreamSpecification: to})
			return err
		}
		ended := &stream.EndedError{Stream: before.StreamARN}
		for _, test := range []struct {
			name   string
			before func() error
			want   string
			err    string
		}{
			{"still there", func() error { return nil }, "", "and its table has no newer one"},
			{"disabled", func() error { return switchStream(false) }, "table tries has no stream any more", ""},
			{"another one", func() error { return switchStream(true) }, "", ": run this again to read it"},
			{"deleted", func() error { return table.Delete(ctx, db, "tries") }, "table tries was deleted", ""},
		} {
			if err := test.before(); err != nil {
				return err
			}
			got, err := WhyEnded(ctx, db, "tries", ended)
			if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.HasSuffix(err.Error(), test.err) {
				t.Errorf("%s: WhyEnded() = %q, %v, want %q and an error that ends with %q", test.name, got, err, test.want, test.err)
			}
			if err != nil && !errors.Is(err, ended) {
				t.Errorf("%s: WhyEnded() = %v, which does not wrap the EndedError", test.name, err)
			}
		}
		return nil
	})
	if code != 0 {
		t.Errorf("the step ends with %d: %s", code, stderr)
	}
}
