/// The guide to the suite and its library: the articles in `Guide.docc`, which `make docs` renders beside the library's
/// own documentation.
public enum Guide {}
