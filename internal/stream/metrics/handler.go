package metrics

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler serves what some readers do, by their names: at /metrics their
// statistics, with the label reader; at /healthz the status 200 while all of
// them are healthy, and which of them stand by, or else 503 and the reasons, a
// line each. It may serve before they are opened.
func Handler(readers map[string]Reader) http.Handler {
	registry := prometheus.NewRegistry()
	for name, r := range readers {
		prometheus.WrapRegistererWith(prometheus.Labels{"reader": name}, registry).MustRegister(New(r))
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		var reasons, standby []string
		for _, name := range slices.Sorted(maps.Keys(readers)) {
			if readers[name].Stats().Standby {
				standby = append(standby, name+": standby")
			}
			if err := readers[name].Health(time.Now()); err != nil {
				for reason := range strings.SplitSeq(err.Error(), "\n") {
					reasons = append(reasons, name+": "+reason)
				}
			}
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if len(reasons) > 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		} else {
			reasons = append([]string{"ok"}, standby...)
		}
		fmt.Fprintln(w, strings.Join(reasons, "\n"))
	})
	return mux
}
