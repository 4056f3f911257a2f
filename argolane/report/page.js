// A link to a task opens it; what is wider than the page says so. The page reads as well without.
const reveal = () => {
  const found = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!found) return;
  for (let at = found; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  found.scrollIntoView({ block: "nearest" });
  const summary = found.querySelector("summary");
  if (summary) summary.focus();
};
addEventListener("hashchange", reveal);
addEventListener("click", (event) => {
  const link = event.target.closest && event.target.closest('a[href^="#"]');
  if (link && link.getAttribute("href") === location.hash) reveal();
});
const measure = () => {
  for (const wide of document.querySelectorAll(".wide")) {
    wide.classList.toggle("more", wide.scrollWidth > wide.clientWidth + 1);
  }
};
addEventListener("resize", measure);
measure();
reveal();
