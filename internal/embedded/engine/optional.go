package engine

// orElse returns the number that a request gives, or the default.
func orElse(n *int64, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return int(*n)
}

// text returns the text that a request gives, empty if it gives none.
func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}
