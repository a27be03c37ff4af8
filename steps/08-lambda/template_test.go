package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"dynamostreamer/internal/table"
)

// TestTemplate: what the template says twice, or says of what Go knows, agrees.
func TestTemplate(t *testing.T) {
	text, err := os.ReadFile("template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range templateProblems(string(text)) {
		t.Error(problem)
	}
	// And each of these would be seen.
	for _, c := range []struct{ from, to, want string }{
		{"REPORT_BATCH_ITEM_FAILURES: \"true\"", "X: \"true\"", "Changes"},
		{"      FunctionResponseTypes: [ReportBatchItemFailures]\n", "", "Changes"},
		{"AttributeName: ttl", "AttributeName: delete_at", "ttl"},
		{"AttributeName: email, KeyType", "AttributeName: mail, KeyType", "email"},
	} {
		changed := strings.Replace(string(text), c.from, c.to, 1)
		problems := templateProblems(changed)
		if changed == string(text) || len(problems) != 1 || !strings.Contains(problems[0], c.want) {
			t.Errorf("without %s: templateProblems(…) = %q, want one about %s", c.from, problems, c.want)
		}
	}
}

var resource = regexp.MustCompile(`(?m)^  (\w+):\n((?:    .*\n|\n)+)`)

func templateProblems(text string) (problems []string) {
	resources := make(map[string]string)
	for _, match := range resource.FindAllStringSubmatch(text, -1) {
		if resources[match[1]] == "" { // else it is an output
			resources[match[1]] = match[2]
		}
	}
	for _, function := range []string{"Changes", "Removals"} {
		reports := strings.Contains(resources[function], reportVariable+`: "true"`)
		asked := strings.Contains(resources[function+"Mapping"], "FunctionResponseTypes: [ReportBatchItemFailures]")
		if !reports || !asked {
			problems = append(problems, function+" must report what failed, and its mapping must ask for it: one without the other loses records, or repeats them")
		}
	}
	for _, attribute := range []string{
		"KeySchema:\n        - { AttributeName: " + table.PartitionKey + ", KeyType: HASH }\n        - { AttributeName: " + table.SortKey + ", KeyType: RANGE }\n",
		"TimeToLiveSpecification:\n        AttributeName: " + table.TTLAttribute + "\n",
	} {
		if !strings.Contains(resources["Table"], attribute) {
			problems = append(problems, "the table lacks "+attribute)
		}
	}
	return problems
}
