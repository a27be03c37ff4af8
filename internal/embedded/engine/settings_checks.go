package engine

import (
	"slices"
	"strings"
)

// checkSettings holds the settings of a new table against each other.
func (in *CreateTableInput) checkSettings() error {
	if err := in.Settings.check(); err != nil {
		return err
	}
	return in.Rates.check(nil, text(in.BillingMode), in.ProvisionedThroughput.units(), "")
}

// checkAlone refuses changes that the service makes one at a time.
func (in *UpdateTableInput) checkAlone() error {
	s := &in.Settings
	others := 0
	for _, given := range []bool{s.SSE != nil, s.DeletionProtection != nil, s.TableClass != nil, s.Warm != nil, s.OnDemand != nil,
		in.BillingMode != nil, in.ProvisionedThroughput != nil, in.StreamSpecification != nil, in.GlobalSecondaryIndexUpdates != nil} {
		if given {
			others++
		}
	}
	others-- // beside the one that is looked at
	switch {
	case others < 1:
		return nil
	case s.SSE != nil:
		return invalid(badValues + "Server-Side Encryption modification must be the only operation in the request")
	case s.DeletionProtection != nil:
		return invalid(badValues + "DeletionProtection modification must be the only operation in the request")
	case s.TableClass != nil:
		return invalid(badValues + "TableClass modification must be the only operation in the request")
	case s.Warm != nil && slices.ContainsFunc(in.GlobalSecondaryIndexUpdates, func(u GlobalSecondaryIndexUpdate) bool { return u.Create != nil }):
		return invalid(badValues + "Create global secondary index cannot be specified when updating WarmThroughput")
	case s.Warm != nil && s.OnDemand == nil:
		return invalid(badValues + "WarmThroughput must be the only operation in the request")
	case s.OnDemand != nil && (others > 1 || in.BillingMode == nil):
		return invalid(badValues + "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request")
	case in.ProvisionedThroughput != nil && in.StreamSpecification != nil:
		return invalid(badValues + "You cannot modify stream status while updating table IOPS")
	}
	return nil
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

func (s *SSESpecification) on() bool { return s.Enabled != nil && *s.Enabled }
