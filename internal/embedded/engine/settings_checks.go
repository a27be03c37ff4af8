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
	mode := text(in.BillingMode)
	if err := in.Settings.OnDemand.check(mode == "PAY_PER_REQUEST", 1); err != nil {
		return err
	}
	t := definition{BillingMode: mode, Throughput: in.ProvisionedThroughput.units()}
	reads, writes := "lower than ReadCapacityUnits of ProvisionedThroughput", "lower than WriteCapacityUnits of ProvisionedThroughput"
	if mode == "PAY_PER_REQUEST" {
		reads = "lower than initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial"
		writes = reads
	}
	return in.Settings.Warm.check(t.warm(), reads, writes)
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

// checkSettings holds new settings against the table's.
func (e *Engine) checkSettings(t *table, s *Settings) error {
	if err := s.OnDemand.check(t.BillingMode == "PAY_PER_REQUEST", -1); err != nil {
		return err
	}
	if err := e.checkEncrypted(t, s.SSE); err != nil {
		return err
	}
	const lower = "lower than current WarmThroughput, decreasing WarmThroughput is not supported"
	return s.Warm.check(t.warm(), lower, lower)
}

// checkEncrypted refuses encryption that changes nothing.
func (e *Engine) checkEncrypted(t *table, s *SSESpecification) error {
	switch {
	case s != nil && !s.on() && t.Kept.SSEKey == "":
		return invalid(badValues + "Table is already encrypted by default")
	case s != nil && s.on() && strings.HasPrefix(text(s.Key), "arn:") && *s.Key == e.keyARN(t.Kept.SSEKey):
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

// check holds bounds against the billing mode. least is the smallest that may be
// said: -1 takes a bound away, 0 is none.
func (o *OnDemandThroughput) check(onDemand bool, least int64) error {
	if o == nil {
		return nil
	}
	return eachUnit("MaxReadRequestUnits", o.MaxReadRequestUnits, "MaxWriteRequestUnits", o.MaxWriteRequestUnits, func(name string, units int64) error {
		switch {
		case !onDemand:
			return invalid(badValues+"%s for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED", name)
		case units == 0 || units < least:
			return invalid(badValues+"Requested %s for OnDemandThroughput for table is outside of valid range", name)
		}
		return nil
	})
}

// check refuses what is less than the table can serve already; the reasons say
// what that is.
func (w *WarmThroughput) check(now WarmThroughputDescription, reads, writes string) error {
	if w == nil {
		return nil
	}
	return eachUnit("ReadUnitsPerSecond", w.ReadUnitsPerSecond, "WriteUnitsPerSecond", w.WriteUnitsPerSecond, func(name string, units int64) error {
		least, reason := now.ReadUnitsPerSecond, reads
		if strings.HasPrefix(name, "Write") {
			least, reason = now.WriteUnitsPerSecond, writes
		}
		if units < least {
			return invalid(badValues+"Requested %s for WarmThroughput for table is %s", name, reason)
		}
		return nil
	})
}

// eachUnit checks those of two numbers that are there.
func eachUnit(first string, a *int64, second string, b *int64, check func(name string, units int64) error) error {
	if a != nil {
		if err := check(first, *a); err != nil {
			return err
		}
	}
	if b != nil {
		return check(second, *b)
	}
	return nil
}
