package engine

// orElse is the number that a request gives, or what stands for none.
func orElse(n *int64, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return int(*n)
}

func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}
