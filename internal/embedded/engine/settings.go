package engine

import (
	"cmp"
	"strings"
	"time"
)

// Settings are what a request says of a table beside keys, indexes, capacity and
// stream. Except for DeletionProtection they change nothing here: the engine
// keeps them and shows them. Nil is absent.
type Settings struct {
	DeletionProtection *bool `api:"DeletionProtectionEnabled"`
	TableClass         *string
	SSE                *SSESpecification `api:"SSESpecification"`
	Rates
}

// An SSESpecification says how a table is encrypted at rest.
type SSESpecification struct {
	Enabled *bool
	Type    *string `api:"SSEType,one of AES256 KMS"`
	Key     *string `api:"KMSMasterKeyId"`
}

// kept is what of the settings a table's definition holds.
type kept struct {
	DeletionProtection bool      `json:",omitempty"`
	TableClass         string    `json:",omitempty"`
	ClassSince         time.Time `json:",omitzero"`
	SSEKey             string    `json:",omitempty"` // empty: AWS's own key
	rates
	Tags []Tag `json:",omitempty"` // by key
}

func (s *Settings) given() bool { return *s != Settings{} }

// keep takes in what a request says.
func (e *Engine) keep(k *kept, s *Settings) {
	if s.DeletionProtection != nil {
		k.DeletionProtection = *s.DeletionProtection
	}
	if s.TableClass != nil {
		if cmp.Or(k.TableClass, "STANDARD") != *s.TableClass {
			k.ClassSince = e.clock.Now()
		}
		k.TableClass = *s.TableClass
	}
	if s.SSE != nil {
		k.SSEKey = ""
		if s.SSE.on() {
			k.SSEKey = cmp.Or(text(s.SSE.Key), "alias/aws/dynamodb")
		}
	}
	k.rates.keep(s.Rates)
}

// keyARN is the ARN of a key that a request names by ARN, alias or id.
func (e *Engine) keyARN(key string) string {
	switch {
	case strings.HasPrefix(key, "arn:"):
		return key
	case !strings.HasPrefix(key, "alias/"):
		key = "key/" + key
	}
	return "arn:aws:kms:" + e.options.Region + ":" + Account + ":" + key
}

// check looks at what is wrong whatever the table.
func (s *Settings) check() error {
	if c := text(s.TableClass); s.TableClass != nil && c != "STANDARD" && c != "STANDARD_INFREQUENT_ACCESS" {
		return invalid("Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, STANDARD_INFREQUENT_ACCESS].")
	}
	if s.SSE == nil {
		return nil
	}
	switch {
	case !s.SSE.on() && s.SSE.Type != nil:
		return invalid(badValues + "SSEType can not be specified if Enabled is false")
	case !s.SSE.on() && s.SSE.Key != nil:
		return invalid(badValues + "KMSMasterKeyId can not be specified if Enabled is false")
	case text(s.SSE.Type) == "AES256":
		return invalid(badValues + "SSEType AES256 is not supported")
	case s.SSE.Key != nil && s.SSE.Type == nil:
		return invalid(badValues + "SSEType KMS is required if KMSMasterKeyId is specified")
	}
	return nil
}

// checkSettings holds the settings of a new table against each other.
func (in *CreateTableInput) checkSettings() error {
	if err := in.Settings.check(); err != nil {
		return err
	}
	return in.Rates.check(nil, text(in.BillingMode), in.ProvisionedThroughput.units(), "")
}

// checkSettings holds new settings against the table's, and refuses encryption that
// changes nothing.
func (e *Engine) checkSettings(t *table, s *Settings) error {
	if err := s.Rates.check(&t.Kept.rates, t.BillingMode, t.Throughput, ""); err != nil || s.SSE == nil {
		return err
	}
	switch {
	case !s.SSE.on() && t.Kept.SSEKey == "":
		return invalid(badValues + "Table is already encrypted by default")
	case s.SSE.on() && strings.HasPrefix(text(s.SSE.Key), "arn:") && *s.SSE.Key == e.keyARN(t.Kept.SSEKey):
		return invalid(badValues + "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to change Master Key")
	}
	return nil
}

func (s *SSESpecification) on() bool { return s.Enabled != nil && *s.Enabled }
