import Experiments
import Figures
import Foundation
import Mustache

/// The templates, the style sheet and the script of all pages.
enum Pages {
    /// HTML's escapes scalar by scalar: the library's own go by characters, and a mark that combines with a bracket
    /// would hide it.
    private struct Markup: MustacheContentType {
        func escapeText(_ text: String) -> String { text.escapedForMarkup }
    }

    private static let library: MustacheLibrary = {
        MustacheContentTypes.register(Markup(), named: "MARKUP")
        let texts = [
            "page": PackageResources.page_mustache, "run": PackageResources.run_mustache,
            "replication": PackageResources.replication_mustache, "index": PackageResources.index_mustache,
            "comparison": PackageResources.comparison_mustache, "badge": PackageResources.badge_mustache,
            "picture": PackageResources.picture_mustache, "claims": PackageResources.claims_mustache,
            "figure": PackageResources.figure_mustache, "commands": PackageResources.commands_mustache,
            "settings": PackageResources.settings_mustache,
        ]
        // The templates are the suite's own.
        return MustacheLibrary(
            templates: texts.mapValues { text in
                try! MustacheTemplate(string: "{{% CONTENT_TYPE:MARKUP}}" + String(decoding: text, as: UTF8.self))
            })
    }()

    /// The style sheet, with the rules of the charts.
    static let style = String(decoding: PackageResources.style_css, as: UTF8.self) + Chart.styleSheet
    static let script = String(decoding: PackageResources.report_js, as: UTF8.self)

    /// Where a page has its style sheet and script from.
    enum Assets {
        /// From within.
        case inline
        /// From files beside the folder that is so many folders up.
        case files(up: Int)
    }

    private struct Page {
        let title: String, refresh: Int?, style: String?, script: String?, root: String, home: String?
        let body: String
    }

    /// A whole page.
    ///
    /// - Parameters:
    ///   - template: of what stands between head and foot; it shows `content`.
    ///   - refresh: seconds after which the page is to be loaded again.
    static func render(
        _ template: String, _ content: some Sendable, title: String, assets: Assets, refresh: Int? = nil
    ) -> String {
        let body = library.render(content, withTemplate: template)!
        let page: Page
        switch assets {
        case .inline:
            page = Page(
                title: title, refresh: refresh, style: style, script: script, root: "", home: nil, body: body)
        case .files(let up):
            let root = String(repeating: "../", count: up)
            page = Page(
                title: title, refresh: refresh, style: nil, script: nil, root: root,
                home: template == "index" ? nil : root + "index.html", body: body)
        }
        return library.render(page, withTemplate: "page")!
    }
}
