package main_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// client is another program that uses the step's address as its endpoint.
func client(url string) *dynamodb.Client {
	return dynamodb.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: &url,
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	})
}

func item(id, email, task, page string, ttl time.Time) map[string]types.AttributeValue {
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	return map[string]types.AttributeValue{
		"id": text(id), "email": text(email),
		"activity": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"task": text(task), "page": text(page)}},
		"ttl":      &types.AttributeValueMemberN{Value: fmt.Sprint(ttl.Unix())},
	}
}

// testHostileRow writes a row whose values are HTML and scripts: the page
// shows them as the text that they are.
func testHostileRow(t *testing.T) {
	const script = `<script>window.hostile = 1</script>`
	const image = `<img src=x onerror="window.hostile = 1">`
	url := startStep(t, "-rate", "0")
	b := openTab(t, url)
	b.open("/")
	_, err := client(url).PutItem(context.Background(), &dynamodb.PutItemInput{
		TableName: aws.String("user-activities"), Item: item(image, script, script, image, time.Now().Add(time.Hour)),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.wait("the row", fmt.Sprintf(`[...document.querySelectorAll('.row .who')].some(e => e.textContent === %q)`, script))
	b.do(chromedp.Focus(chromedp.CSS("#picture")), chromedp.KeyEvent(kb.ArrowRight))
	b.wait("its record", fmt.Sprintf(`document.querySelector('#record-body').textContent.includes(%q)`, script))
	if words := b.text("#active"); !strings.Contains(words, script) {
		t.Errorf("the dot says %q, want the text %s in it", words, script)
	}
	if eval[bool](b, `'hostile' in window || document.querySelector('main img, main script') !== null`) {
		t.Error("what the row holds became HTML")
	}
}

// frames measures for a time the milliseconds between frames, and gives
// their median.
const frames = `(async () => {
	const all = [];
	let last = performance.now();
	for (const end = last + 5000; last < end;) {
		await new Promise(requestAnimationFrame);
		const now = performance.now();
		all.push(now - last);
		last = now;
	}
	return all.sort((a, b) => a - b)[all.length >> 1];
})()`

// testFrames prints how fast the page draws 100 shards and 10,000 rows while
// 500 changes a second come.
func testFrames(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a table with 10,000 rows")
	}
	url := startStep(t, "-rate", "0")
	for range 99 {
		answer, err := http.Post(url+"/lab/split", "application/json", strings.NewReader(`{"table":"user-activities"}`))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("POST /lab/split: %s", answer.Status)
		}
	}
	db := client(url)
	for i := range 400 {
		var batch []types.WriteRequest
		for k := range 25 {
			n := i*25 + k
			batch = append(batch, types.WriteRequest{PutRequest: &types.PutRequest{
				Item: item(fmt.Sprint("id", n), fmt.Sprintf("ada%d@example.com", n), "buying", "/cart", time.Now().Add(time.Hour)),
			}})
		}
		if _, err := db.BatchWriteItem(context.Background(), &dynamodb.BatchWriteItemInput{
			RequestItems: map[string][]types.WriteRequest{"user-activities": batch},
		}); err != nil {
			t.Fatal(err)
		}
	}
	b := openTab(t, url)
	b.open("/")
	b.wait("10,000 rows", `parseInt(document.querySelector('#rows-hint').textContent.replace(',', '')) >= 10000`)
	answer := eval[int](b, `fetch('/watch/rate', {method: 'POST', body: '{"rate":500}', headers: {
		'Content-Type': 'application/json', 'X-Watch-Token': document.querySelector('meta[name=token]').content}}).then(r => r.status)`)
	if answer != http.StatusOK {
		t.Fatalf("POST /watch/rate: %d", answer)
	}
	before := b.text("#shards-hint")
	median := eval[float64](b, frames)
	t.Logf("median frame %.1f ms; %s, then %s, %s", median, before, b.text("#shards-hint"), b.text("#rows-hint"))
	if b.text("#shards-hint") == before || median <= 0 {
		t.Errorf("nothing was drawn: %s", before)
	}
}
