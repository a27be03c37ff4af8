package engine

import "context"

// LimitsDescription is the answer of DescribeLimits.
type LimitsDescription struct {
	AccountMaxReadCapacityUnits, AccountMaxWriteCapacityUnits int64
	TableMaxReadCapacityUnits, TableMaxWriteCapacityUnits     int64
}

// DescribeLimits returns the limits of a new account. The engine enforces none of them.
func (e *Engine) DescribeLimits(context.Context, *struct{}) (*LimitsDescription, error) {
	return &LimitsDescription{80_000, 80_000, 40_000, 40_000}, nil
}
