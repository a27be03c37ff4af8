package engine

import (
	"cmp"
	"strings"
	"time"
)

// SettingsInput is what the requests CreateTable and UpdateTable say about a table
// beside its keys, indexes, capacity and stream. Only DeletionProtection has an
// effect: the engine stores and describes the others. A nil field is absent.
type SettingsInput struct {
	DeletionProtection *bool `api:"DeletionProtectionEnabled"`
	TableClass         *string
	SSE                *SSESpecification `api:"SSESpecification"`
	ThroughputInput
}

// An SSESpecification says how a table is encrypted at rest.
type SSESpecification struct {
	Enabled *bool
	Type    *string `api:"SSEType,one of AES256 KMS"`
	Key     *string `api:"KMSMasterKeyId"`
}

// on reports whether the specification asks for a KMS key.
func (s *SSESpecification) on() bool { return s.Enabled != nil && *s.Enabled }

// A settingsDefinition is the part of a table's definition that holds its settings
// and tags.
type settingsDefinition struct {
	DeletionProtection bool      `json:",omitempty"`
	TableClass         string    `json:",omitempty"`
	ClassSince         time.Time `json:",omitzero"`
	SSEKey             string    `json:",omitempty"` // empty: AWS's own key
	throughputDefinition
	Tags []Tag `json:",omitempty"` // sorted by key
}

// given reports whether a request has any settings.
func (s *SettingsInput) given() bool { return *s != SettingsInput{} }

// applySettings changes the settings that a request gives.
func (e *Engine) applySettings(d *settingsDefinition, s *SettingsInput) {
	if s.DeletionProtection != nil {
		d.DeletionProtection = *s.DeletionProtection
	}
	if s.TableClass != nil {
		if cmp.Or(d.TableClass, "STANDARD") != *s.TableClass {
			d.ClassSince = e.clock.Now()
		}
		d.TableClass = *s.TableClass
	}
	if s.SSE != nil {
		d.SSEKey = ""
		if s.SSE.on() {
			d.SSEKey = cmp.Or(text(s.SSE.Key), "alias/aws/dynamodb")
		}
	}
	d.applyThroughput(s.ThroughputInput)
}

// keyARN returns the ARN of a KMS key that a request names by ARN, alias or id.
func (e *Engine) keyARN(key string) string {
	switch {
	case strings.HasPrefix(key, "arn:"):
		return key
	case !strings.HasPrefix(key, "alias/"):
		key = "key/" + key
	}
	return "arn:aws:kms:" + e.options.Region + ":" + Account + ":" + key
}

// check checks what does not depend on the table.
func (s *SettingsInput) check() error {
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

// checkSettings checks the settings of a new table.
func (in *CreateTableInput) checkSettings() error {
	if err := in.SettingsInput.check(); err != nil {
		return err
	}
	return in.ThroughputInput.check(nil, text(in.BillingMode), in.ProvisionedThroughput.units(), "")
}

// checkSettings compares new settings with the table's. It refuses an encryption that
// the table already has.
func (e *Engine) checkSettings(t *table, s *SettingsInput) error {
	if err := s.ThroughputInput.check(&t.Settings.throughputDefinition, t.BillingMode, t.Throughput, ""); err != nil || s.SSE == nil {
		return err
	}
	switch {
	case !s.SSE.on() && t.Settings.SSEKey == "":
		return invalid(badValues + "Table is already encrypted by default")
	case s.SSE.on() && strings.HasPrefix(text(s.SSE.Key), "arn:") && *s.SSE.Key == e.keyARN(t.Settings.SSEKey):
		return invalid(badValues + "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to change Master Key")
	}
	return nil
}
