// The shapes that stand for kinds and faults, on a canvas.

// shape draws a kind's shape around x, y; r is half its size.
export function shape(ctx, kind, x, y, r) {
  ctx.beginPath();
  switch (kind) {
    case 'modified':
      ctx.moveTo(x, y - r * 1.15);
      ctx.lineTo(x + r * 1.15, y);
      ctx.lineTo(x, y + r * 1.15);
      ctx.lineTo(x - r * 1.15, y);
      ctx.closePath();
      break;
    case 'deleted':
      ctx.rect(x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76);
      break;
    case 'expired':
      ctx.moveTo(x, y - r * 1.1);
      ctx.lineTo(x + r * 1.15, y + r * 0.9);
      ctx.lineTo(x - r * 1.15, y + r * 0.9);
      ctx.closePath();
      break;
    default:
      ctx.arc(x, y, r, 0, 2 * Math.PI);
  }
}

// cross marks a record that a reader lost.
export function cross(ctx, x, y, r, colour) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2;
  ctx.beginPath();
  ctx.moveTo(x - r, y - r);
  ctx.lineTo(x + r, y + r);
  ctx.moveTo(x + r, y - r);
  ctx.lineTo(x - r, y + r);
  ctx.stroke();
}

// swap marks a record that came out of order: an arrow that goes back.
export function swap(ctx, x, y, r, colour) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2;
  ctx.beginPath();
  ctx.moveTo(x + r, y);
  ctx.lineTo(x - r, y);
  ctx.moveTo(x, y - r);
  ctx.lineTo(x - r, y);
  ctx.lineTo(x, y + r);
  ctx.stroke();
}
