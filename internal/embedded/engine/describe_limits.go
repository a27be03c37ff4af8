package engine

import "context"

// LimitsDescription is the answer of DescribeLimits: the service's first limits.
type LimitsDescription struct {
	AccountMaxReadCapacityUnits, AccountMaxWriteCapacityUnits int64
	TableMaxReadCapacityUnits, TableMaxWriteCapacityUnits     int64
}

// DescribeLimits tells the limits of a new account. None is held here.
func (e *Engine) DescribeLimits(context.Context, *struct{}) (*LimitsDescription, error) {
	return &LimitsDescription{80_000, 80_000, 40_000, 40_000}, nil
}
