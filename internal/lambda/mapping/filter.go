package mapping

// MaxFilters is how many patterns a mapping may have. An account has five, until
// its quota is raised to ten.
const MaxFilters = 10

type filter struct{}

func compileFilters(p []string) ([]filter, error)        { return nil, nil }
func matchesAny(f []filter, record []byte) (bool, error) { return true, nil }
